-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE IF NOT EXISTS registry_thing (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    thing_id TEXT NOT NULL, attributes TEXT NOT NULL, version BIGINT NOT NULL, created BIGINT NOT NULL,
    PRIMARY KEY (account, region, name));
CREATE TABLE IF NOT EXISTS registry_group (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    group_id TEXT NOT NULL, parent TEXT NOT NULL, description TEXT NOT NULL, attributes TEXT NOT NULL,
    version BIGINT NOT NULL, created BIGINT NOT NULL,
    PRIMARY KEY (account, region, name));
CREATE INDEX IF NOT EXISTS registry_group_parent ON registry_group (account, region, parent, name);
CREATE TABLE IF NOT EXISTS registry_group_thing (
    account TEXT NOT NULL, region TEXT NOT NULL, group_name TEXT NOT NULL, thing_name TEXT NOT NULL,
    PRIMARY KEY (account, region, group_name, thing_name));
CREATE INDEX IF NOT EXISTS registry_group_of_thing ON registry_group_thing (account, region, thing_name, group_name);
CREATE TABLE IF NOT EXISTS registry_certificate (
    certificate_id TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL,
    status TEXT NOT NULL, pem TEXT NOT NULL, version BIGINT NOT NULL, created BIGINT NOT NULL, modified BIGINT NOT NULL,
    PRIMARY KEY (certificate_id, account, region));
CREATE INDEX IF NOT EXISTS registry_certificate_created ON registry_certificate (account, region, created, certificate_id);
CREATE TABLE IF NOT EXISTS registry_policy (
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
    document TEXT NOT NULL, generation TEXT NOT NULL, created BIGINT NOT NULL, modified BIGINT NOT NULL,
    PRIMARY KEY (account, region, name));
CREATE TABLE IF NOT EXISTS registry_policy_target (
    account TEXT NOT NULL, region TEXT NOT NULL, target TEXT NOT NULL, policy_name TEXT NOT NULL,
    PRIMARY KEY (account, region, target, policy_name));
CREATE INDEX IF NOT EXISTS registry_target_of_policy ON registry_policy_target (account, region, policy_name, target);
CREATE TABLE IF NOT EXISTS registry_principal (
    account TEXT NOT NULL, region TEXT NOT NULL, thing_name TEXT NOT NULL, principal TEXT NOT NULL,
    PRIMARY KEY (account, region, thing_name, principal));
CREATE INDEX IF NOT EXISTS registry_thing_of_principal ON registry_principal (account, region, principal, thing_name);
