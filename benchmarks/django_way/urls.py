"""The two routes of the scenario, and the two compared pages."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from benchmarks.django_way import page_views
from benchmarks.django_way.views import CaseViewSet

router = SimpleRouter(trailing_slash=False)
router.register("cases", CaseViewSet, basename="case")
urlpatterns = [
    path("api/v1/", include(router.urls)),
    path("cases/<uuid:case>", page_views.show_case),
    path("cases", page_views.list_cases),
]
