"""A FastAPI application, whose mail is configured by a dependency."""

from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi_mail import ConnectionConfig, FastMail, MessageSchema, MessageType

app = FastAPI()


def mail_config() -> ConnectionConfig:
    # From the environment.
    return ConnectionConfig()


@app.post("/sign-up/{address}")
async def sign_up(address: str, config: Annotated[ConnectionConfig, Depends(mail_config)]) -> str:
    welcome = MessageSchema(
        subject="Welcome", recipients=[address], body="Please confirm your address.", subtype=MessageType.plain
    )
    await FastMail(config).send_message(welcome)
    return "sent"
