"""Reading production's truth: one module for each family of files, one row for each in ``registry``.

A module says which documents are its own (``recognises``) and what they tell (``parse``). It copies out a whitelist of
attributes and lets go of everything else: secrets stand beside versions in nearly every one of these files.
"""
