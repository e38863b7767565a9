// SPDX-License-Identifier: Apache-2.0
// Streams as the store holds them. Internal to the folder.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "runtime/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otabahn::streams {

struct StoredFile {
    int file_id = 0;
    std::string bucket, key;
    std::optional<std::string> version;
    std::optional<std::string> etag;  // of the object when the stream was made, or when it was first read
};

struct StoredStream {
    std::string id;
    std::optional<std::string> description;
    std::string role_arn;
    int version = 1;
    Timestamp created{}, updated{};
    std::vector<StoredFile> files;
};

struct StreamSummaryRow {
    std::string id;
    std::optional<std::string> description;
    int version = 1;
    Timestamp created{};
};

std::optional<StoredStream> find_stream(runtime::SqlSession& session, const Scope& scope, const std::string& id);
std::int64_t count_streams(runtime::SqlSession& session, const Scope& scope);
// False: there is one of that name.
bool insert_stream(runtime::SqlSession& session, const Scope& scope, const StoredStream& stream, Timestamp now);
// Gives the new version; nothing: the stream is gone, or its versions are used up. Files are replaced when `replace_files`.
std::optional<int> update_stream(runtime::SqlSession& session, const Scope& scope, const StoredStream& stream, bool replace_files,
                                 Timestamp now);
bool delete_stream(runtime::SqlSession& session, const Scope& scope, const std::string& id);

struct StreamPage {
    bool ascending = false;
    Timestamp created{};  // past this one
    std::string after;
    std::int64_t count = 0;
};
std::vector<StreamSummaryRow> list_streams(runtime::SqlSession& session, const Scope& scope, const StreamPage& page);

// The etag that the file is held to from now on: the given one, unless another was pinned before.
std::string pin_etag(runtime::SqlSession& session, const Scope& scope, const std::string& id, const StoredFile& file,
                     const std::string& etag);

}  // namespace otabahn::streams
