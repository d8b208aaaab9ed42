"""The usual Django way of the same life: models, django-fsm, REST framework; its own environment and its own tables.

Whoever imports anything from here has told it DATABASE_URL and KEYRING; Django is set up first.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.django_way.settings")
django.setup()
