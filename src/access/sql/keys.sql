-- SPDX-License-Identifier: Apache-2.0
-- name: claim_root
INSERT INTO access_root (account, key_id) VALUES (:account, :key_id) ON CONFLICT (account) DO NOTHING RETURNING key_id
-- name: insert_key
INSERT INTO access_key (id, account, secret, arn, user_id, root, status, created)
VALUES (:id, :account, :secret, :arn, :user_id, :root, 'Active', :created)
-- name: find_key
SELECT id, account, secret, arn, user_id, root, status FROM access_key WHERE id = :id
-- name: find_root_key
SELECT k.id, k.account, k.secret, k.arn, k.user_id, k.root, k.status
FROM access_root r JOIN access_key k ON k.id = r.key_id WHERE r.account = :account
