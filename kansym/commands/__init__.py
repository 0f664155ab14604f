"""The commands of `kansym`: their options and helps; `kansym.cli` lists them.

What a command does is in `kansym.commands.implementation`.
"""
