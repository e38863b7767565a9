-- SPDX-License-Identifier: Apache-2.0
-- name: insert_policy
INSERT INTO access_policy (account, name_key, name, path, policy_id, document, description, tags, created)
VALUES (:account, :name_key, :name, :path, :policy_id, :document, :description, :tags, :created)
ON CONFLICT (account, name_key) DO NOTHING RETURNING name
-- name: find_policy
SELECT name, path, policy_id, document, description, tags, created FROM access_policy
WHERE account = :account AND name_key = :name_key
-- name: list_policies
SELECT name, path, policy_id, document, description, tags, created FROM access_policy
WHERE account = :account AND name_key > :after AND substr(path, 1, length(CAST(:prefix AS TEXT))) = :prefix ORDER BY name_key LIMIT :count
-- name: delete_policy
DELETE FROM access_policy WHERE account = :account AND name_key = :name_key RETURNING name
-- name: count_attachments_of_policy
SELECT COUNT(*) FROM access_attachment WHERE account = :account AND policy_arn = :policy_arn
