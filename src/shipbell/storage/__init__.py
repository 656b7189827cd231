"""Storage: the ports on SQL, through SQLAlchemy Core.

A file goes to the folder of the port that it answers: `queue` (what comes in, and lanes), `settings`, `history` (what
people look up), `upkeep`, `audit`. What several of them need lies below: `secrets`, `database` (how SQL is run) and
`tables` (what there is).
"""
