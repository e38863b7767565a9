-- SPDX-License-Identifier: Apache-2.0
-- One message a topic; payload and MQTT 5 properties in base64. expires_at is the publisher's, keep_until the end of it all.
CREATE TABLE IF NOT EXISTS retained_message (
    account TEXT NOT NULL, region TEXT NOT NULL, topic TEXT NOT NULL,
    payload TEXT NOT NULL, payload_size BIGINT NOT NULL, qos BIGINT NOT NULL, properties TEXT NOT NULL,
    modified BIGINT NOT NULL, expires_at BIGINT, keep_until BIGINT NOT NULL,
    PRIMARY KEY (account, region, topic));
CREATE INDEX IF NOT EXISTS retained_message_end ON retained_message (keep_until);
-- How many there are: the quota is looked at without counting them.
CREATE TABLE IF NOT EXISTS retained_count (
    account TEXT NOT NULL, region TEXT NOT NULL, messages BIGINT NOT NULL,
    PRIMARY KEY (account, region));
