-- SPDX-License-Identifier: Apache-2.0

-- name: save_session
INSERT INTO gateway_session (account, region, client_id, version, expiry_seconds, expires_at)
VALUES (:account, :region, :client_id, :version, :expiry_seconds, :expires_at)
ON CONFLICT (account, region, client_id)
DO UPDATE SET version = excluded.version, expiry_seconds = excluded.expiry_seconds, expires_at = excluded.expires_at

-- name: delete_session
DELETE FROM gateway_session WHERE account = :account AND region = :region AND client_id = :client_id

-- name: delete_subscriptions
DELETE FROM gateway_subscription WHERE account = :account AND region = :region AND client_id = :client_id

-- name: delete_messages
DELETE FROM gateway_message WHERE account = :account AND region = :region AND client_id = :client_id

-- name: save_subscription
INSERT INTO gateway_subscription (account, region, client_id, filter, qos, no_local, retain_as_published)
VALUES (:account, :region, :client_id, :filter, :qos, :no_local, :retain_as_published)
ON CONFLICT (account, region, client_id, filter)
DO UPDATE SET qos = excluded.qos, no_local = excluded.no_local, retain_as_published = excluded.retain_as_published

-- name: delete_subscription
DELETE FROM gateway_subscription WHERE account = :account AND region = :region AND client_id = :client_id AND filter = :filter

-- name: save_message
INSERT INTO gateway_message (account, region, client_id, sequence, topic, payload, properties, expires_at, retain)
VALUES (:account, :region, :client_id, :sequence, :topic, :payload, :properties, :expires_at, :retain)

-- name: delete_message
DELETE FROM gateway_message WHERE account = :account AND region = :region AND client_id = :client_id AND sequence = :sequence

-- name: messages_after
SELECT sequence, topic, payload, properties, expires_at, retain FROM gateway_message
WHERE account = :account AND region = :region AND client_id = :client_id AND sequence > :after
ORDER BY sequence LIMIT :most

-- name: sessions_after
SELECT account, region, client_id, version, expiry_seconds, expires_at FROM gateway_session
WHERE (account, region, client_id) > (:account, :region, :client_id)
ORDER BY account, region, client_id LIMIT :most

-- name: subscriptions_of
SELECT filter, qos, no_local, retain_as_published FROM gateway_subscription
WHERE account = :account AND region = :region AND client_id = :client_id ORDER BY filter

-- name: messages_of
SELECT COUNT(*), MAX(sequence) FROM gateway_message WHERE account = :account AND region = :region AND client_id = :client_id
