#!/bin/sh
# Welcomes somebody by mail: welcome.sh ADDRESS
set -eu
curl --silent --show-error --ssl-reqd --user "$SMTP_USERNAME:$SMTP_PASSWORD" --cacert "$SMTP_CA_FILE" \
    --mail-from app@example.com --mail-rcpt "$1" --upload-file - "smtp://$SMTP_HOST:$SMTP_PORT" <<MAIL
From: app@example.com
To: $1
Subject: Welcome

Hello
MAIL
