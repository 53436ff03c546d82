"""Views: values in, text and buttons out. Pure; the only place where a message gets its words and its shape.

Each module holds a table `VIEWS` from the kind of a post to its view; `handlers.routes` lays them together.
"""
