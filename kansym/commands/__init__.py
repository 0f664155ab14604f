"""The commands of `kansym`, one module each; `kansym.cli` lists them."""
