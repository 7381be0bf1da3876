"""Measurements of Apprentice beside anchors: the same work done by bare parts, and by LangChain's own store."""
