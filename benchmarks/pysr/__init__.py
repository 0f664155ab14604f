"""PySR itself beside kansym, where Julia is there: does everything that the pages say about it hold?"""
