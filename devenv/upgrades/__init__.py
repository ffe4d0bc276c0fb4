"""Moving data to another version: one module for each kind of service, one row for each in ``registry``. Pure.

``route(old, new)`` says how data gets from one version to another, or why it does not; ``recipe(route, old, new)`` is
what is done, step by step, on a workbench beside the project. The scripts that run inside the servers' containers are
in ``templates/upgrades/<kind>``.
"""
