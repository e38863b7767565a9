-- SPDX-License-Identifier: Apache-2.0
-- Persistent sessions; expires_at is NULL while the client is connected.
CREATE TABLE IF NOT EXISTS gateway_session (
    account TEXT NOT NULL, region TEXT NOT NULL, client_id TEXT NOT NULL,
    version BIGINT NOT NULL, expiry_seconds BIGINT NOT NULL, expires_at BIGINT,
    PRIMARY KEY (account, region, client_id));
CREATE TABLE IF NOT EXISTS gateway_subscription (
    account TEXT NOT NULL, region TEXT NOT NULL, client_id TEXT NOT NULL, filter TEXT NOT NULL,
    qos BIGINT NOT NULL, no_local BIGINT NOT NULL, retain_as_published BIGINT NOT NULL,
    PRIMARY KEY (account, region, client_id, filter));
-- QoS 1 messages that their client has not acknowledged; payload and properties in base64.
CREATE TABLE IF NOT EXISTS gateway_message (
    account TEXT NOT NULL, region TEXT NOT NULL, client_id TEXT NOT NULL, sequence BIGINT NOT NULL,
    topic TEXT NOT NULL, payload TEXT NOT NULL, properties TEXT NOT NULL, expires_at BIGINT, retain BIGINT NOT NULL,
    PRIMARY KEY (account, region, client_id, sequence));
