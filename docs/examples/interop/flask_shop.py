"""A Flask application, made by a factory."""

from flask import Flask
from flask_mail import Mail, Message

mail = Mail()


def create_app(config):
    app = Flask("shop")
    app.config.from_mapping(config)
    mail.init_app(app)

    @app.post("/sign-up/<address>")
    def sign_up(address):
        mail.send(Message("Welcome", sender="shop@example.com", recipients=[address], body="Please confirm."))
        return "sent"

    return app
