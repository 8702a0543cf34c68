"""The exercises of chapters 11 to 13. Each reference stands below its cases and the mistakes that learners make."""

__all__ = []
