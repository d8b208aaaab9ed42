"""The same scenario with Django models, django-fsm and REST framework, on tables of its own.

An import sets Django up, and needs DATABASE_URL and KEYRING in the environment.
"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.django_way.settings")
django.setup()
