-- SPDX-License-Identifier: Apache-2.0
-- name: insert_policy
INSERT INTO registry_policy (account, region, name, document, generation, created, modified)
VALUES (:account, :region, :name, :document, :generation, :created, :created)
ON CONFLICT (account, region, name) DO NOTHING RETURNING name
-- name: find_policy
SELECT document, generation, created, modified FROM registry_policy
WHERE account = :account AND region = :region AND name = :name
-- name: list_policies
SELECT name FROM registry_policy WHERE account = :account AND region = :region AND name > :after ORDER BY name LIMIT :count
-- name: list_policies_descending
SELECT name FROM registry_policy
WHERE account = :account AND region = :region AND name < :before ORDER BY name DESC LIMIT :count
-- name: delete_policy
DELETE FROM registry_policy WHERE account = :account AND region = :region AND name = :name
-- name: insert_target
INSERT INTO registry_policy_target (account, region, target, policy_name) VALUES (:account, :region, :target, :policy)
ON CONFLICT (account, region, target, policy_name) DO NOTHING
-- name: delete_target
DELETE FROM registry_policy_target
WHERE account = :account AND region = :region AND target = :target AND policy_name = :policy
-- name: delete_targets_of
DELETE FROM registry_policy_target WHERE account = :account AND region = :region AND target = :target
-- name: list_attached
SELECT policy_name FROM registry_policy_target
WHERE account = :account AND region = :region AND target = :target AND policy_name > :after ORDER BY policy_name LIMIT :count
-- name: list_targets
SELECT target FROM registry_policy_target
WHERE account = :account AND region = :region AND policy_name = :policy AND target > :after ORDER BY target LIMIT :count
-- name: list_attached_documents
SELECT p.name, p.document FROM registry_policy_target t
JOIN registry_policy p ON p.account = t.account AND p.region = t.region AND p.name = t.policy_name
WHERE t.account = :account AND t.region = :region AND t.target = :target ORDER BY p.name
