"""Runs inside one tree, in a process of its own, and writes down what that tree's KeyWatch does.

Nothing of the tree is imported but ``handler``, ``infra.app`` and what those import: modules and classes may have any name.
"""
