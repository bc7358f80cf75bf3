"""May a channel take texts: its SIM's record of success and trouble, and what people said. Exact over restarts."""

from gateway.core.fitness.fitness import Fitness

__all__ = ["Fitness"]
