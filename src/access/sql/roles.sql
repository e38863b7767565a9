-- SPDX-License-Identifier: Apache-2.0
-- name: insert_role
INSERT INTO access_role (account, name_key, name, path, role_id, trust, description, max_session, tags, created)
VALUES (:account, :name_key, :name, :path, :role_id, :trust, :description, :max_session, :tags, :created)
ON CONFLICT (account, name_key) DO NOTHING RETURNING name
-- name: find_role
SELECT name, path, role_id, trust, description, max_session, tags, created FROM access_role
WHERE account = :account AND name_key = :name_key
-- name: list_roles
SELECT name, path, role_id, trust, description, max_session, tags, created FROM access_role
WHERE account = :account AND name_key > :after AND substr(path, 1, length(CAST(:prefix AS TEXT))) = :prefix ORDER BY name_key LIMIT :count
-- name: update_trust
UPDATE access_role SET trust = :trust WHERE account = :account AND name_key = :name_key RETURNING name
-- name: update_role
UPDATE access_role SET description = :description, max_session = :max_session
WHERE account = :account AND name_key = :name_key RETURNING name
-- name: delete_role
DELETE FROM access_role WHERE account = :account AND name_key = :name_key RETURNING name
-- name: put_role_policy
INSERT INTO access_role_policy (account, role_key, name_key, name, document, characters)
VALUES (:account, :role_key, :name_key, :name, :document, :characters)
ON CONFLICT (account, role_key, name_key) DO UPDATE SET name = excluded.name, document = excluded.document, characters = excluded.characters
-- name: find_role_policy
SELECT name, document FROM access_role_policy WHERE account = :account AND role_key = :role_key AND name_key = :name_key
-- name: list_role_policies
SELECT name, document FROM access_role_policy
WHERE account = :account AND role_key = :role_key AND name_key > :after ORDER BY name_key LIMIT :count
-- name: delete_role_policy
DELETE FROM access_role_policy WHERE account = :account AND role_key = :role_key AND name_key = :name_key RETURNING name
-- name: characters_of_role_policies
SELECT CAST(COALESCE(SUM(characters), 0) AS BIGINT) FROM access_role_policy
WHERE account = :account AND role_key = :role_key AND name_key <> :but
-- name: attach_policy
INSERT INTO access_attachment (account, role_key, policy_arn) VALUES (:account, :role_key, :policy_arn)
ON CONFLICT (account, role_key, policy_arn) DO NOTHING RETURNING policy_arn
-- name: detach_policy
DELETE FROM access_attachment WHERE account = :account AND role_key = :role_key AND policy_arn = :policy_arn RETURNING policy_arn
-- name: list_attachments
SELECT policy_arn FROM access_attachment
WHERE account = :account AND role_key = :role_key AND policy_arn > :after ORDER BY policy_arn LIMIT :count
-- name: count_attachments_of_role
SELECT COUNT(*) FROM access_attachment WHERE account = :account AND role_key = :role_key
