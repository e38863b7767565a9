-- SPDX-License-Identifier: Apache-2.0
-- IAM is per account and has no region. `name_key` and `role_key` are the lower-case names: IAM's names are unique ignoring case.
CREATE TABLE IF NOT EXISTS access_key (
    id TEXT NOT NULL PRIMARY KEY, account TEXT NOT NULL, secret TEXT NOT NULL, arn TEXT NOT NULL, user_id TEXT NOT NULL,
    root BIGINT NOT NULL, status TEXT NOT NULL, created BIGINT NOT NULL);
CREATE TABLE IF NOT EXISTS access_root (
    account TEXT NOT NULL PRIMARY KEY, key_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS access_role (
    account TEXT NOT NULL, name_key TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, role_id TEXT NOT NULL, trust TEXT NOT NULL,
    description TEXT, max_session BIGINT NOT NULL, tags TEXT NOT NULL, created BIGINT NOT NULL,
    PRIMARY KEY (account, name_key));
CREATE TABLE IF NOT EXISTS access_role_policy (
    account TEXT NOT NULL, role_key TEXT NOT NULL, name_key TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,
    characters BIGINT NOT NULL,
    PRIMARY KEY (account, role_key, name_key));
CREATE TABLE IF NOT EXISTS access_policy (
    account TEXT NOT NULL, name_key TEXT NOT NULL, name TEXT NOT NULL, path TEXT NOT NULL, policy_id TEXT NOT NULL, document TEXT NOT NULL,
    description TEXT, tags TEXT NOT NULL, created BIGINT NOT NULL,
    PRIMARY KEY (account, name_key));
CREATE TABLE IF NOT EXISTS access_attachment (
    account TEXT NOT NULL, role_key TEXT NOT NULL, policy_arn TEXT NOT NULL,
    PRIMARY KEY (account, role_key, policy_arn));
CREATE INDEX IF NOT EXISTS access_attachment_of_policy ON access_attachment (account, policy_arn, role_key);
