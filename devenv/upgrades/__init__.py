"""Moving data to another version: one module for each kind of service, one row for each in ``registry``. Pure.

``routes(old, new)`` says how data gets from one version to another, the best way first, or why it does not: a way by
other versions can be gone only where their images can be had. ``recipe(route, old, new, hops)`` is what is done, step
by step, on a workbench beside the project; ``hops`` are servers of the route's stops, in their order. The scripts that
run inside the servers' containers are in ``templates/upgrades/<kind>``.
"""
