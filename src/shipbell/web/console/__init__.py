"""The console: pages made by the server, which work with scripts switched off.

A page lies beside its form, its words and its templates, in the area of its address; what every page has lies in
`frame`. `routes` lists the pages of a project, `app` puts all of them together.
"""
