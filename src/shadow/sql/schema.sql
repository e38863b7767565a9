-- SPDX-License-Identifier: Apache-2.0
-- A thing's shadows. A deleted one stays for 48 hours without its document, for its version goes on. Times are milliseconds
-- since 1970.
CREATE TABLE shadow_document (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    thing TEXT NOT NULL,
    name TEXT NOT NULL,                -- '' is the classic shadow
    version BIGINT NOT NULL,
    deleted BIGINT NOT NULL,           -- 0 while it lives
    state TEXT NOT NULL,               -- JSON: {"desired":…,"reported":…}
    timestamps TEXT NOT NULL,          -- JSON list: seconds of each leaf's last update, in the order of the leaves
    PRIMARY KEY (account, region, thing, name)
);
CREATE INDEX shadow_document_named ON shadow_document (account, region, thing, name) WHERE deleted = 0 AND name <> '';
CREATE INDEX shadow_document_deleted ON shadow_document (deleted, account, region, thing, name) WHERE deleted <> 0;
