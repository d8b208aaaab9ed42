"""Plugin of pytest: few examples of hypothesis, and none made smaller, because only failure counts."""

from hypothesis import Phase, settings

settings.register_profile("few", max_examples=10, database=None, phases=(Phase.explicit, Phase.generate))
settings.load_profile("few")
