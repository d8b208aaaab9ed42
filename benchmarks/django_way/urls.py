"""The two routes of the scenario."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from benchmarks.django_way.views import CaseViewSet

router = SimpleRouter(trailing_slash=False)
router.register("cases", CaseViewSet, basename="case")
urlpatterns = [path("api/v1/", include(router.urls))]
