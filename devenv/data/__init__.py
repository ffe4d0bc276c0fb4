"""The services' data on this machine: moved to other versions, kept, put back, filled, exported.

What is live is said by a pointer (``pointing``); all else that there is are kept copies, or what nobody points to yet.
"""
