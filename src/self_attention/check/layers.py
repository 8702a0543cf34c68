"""The exercises of chapters 8 to 10. Each reference stands below its cases and the mistakes that learners make."""

__all__ = []
