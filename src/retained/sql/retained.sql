-- SPDX-License-Identifier: Apache-2.0

-- name: replace_message
UPDATE retained_message SET payload = :payload, payload_size = :payload_size, qos = :qos, properties = :properties,
    modified = :modified, expires_at = :expires_at, keep_until = :keep_until
WHERE account = :account AND region = :region AND topic = :topic

-- name: insert_message
INSERT INTO retained_message (account, region, topic, payload, payload_size, qos, properties, modified, expires_at, keep_until)
VALUES (:account, :region, :topic, :payload, :payload_size, :qos, :properties, :modified, :expires_at, :keep_until)
ON CONFLICT (account, region, topic) DO NOTHING

-- name: delete_message
DELETE FROM retained_message WHERE account = :account AND region = :region AND topic = :topic

-- name: find_message
SELECT payload, qos, properties, modified, expires_at FROM retained_message
WHERE account = :account AND region = :region AND topic = :topic AND keep_until > :now

-- name: list_messages
SELECT topic, payload_size, qos, modified FROM retained_message
WHERE account = :account AND region = :region AND topic > :after AND keep_until > :now
ORDER BY topic LIMIT :most

-- name: ended_messages
SELECT account, region, topic FROM retained_message WHERE keep_until <= :now ORDER BY keep_until LIMIT :most

-- name: count_messages
SELECT messages FROM retained_count WHERE account = :account AND region = :region

-- name: change_count
INSERT INTO retained_count (account, region, messages) VALUES (:account, :region, :change)
ON CONFLICT (account, region) DO UPDATE SET messages = retained_count.messages + :change
