"""A Django project of one view."""

from django.core.mail import send_mail
from django.http import HttpResponse
from django.urls import path

SECRET_KEY = "of no use"
USE_TZ = True
ROOT_URLCONF = __name__
ALLOWED_HOSTS = ["*"]
STATIC_URL = "static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}


def sign_up(request, address):
    send_mail("Welcome", "Please confirm your address.", "shop@example.com", [address])
    return HttpResponse("sent")


urlpatterns = [path("sign-up/<address>", sign_up)]
