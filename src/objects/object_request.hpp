// SPDX-License-Identifier: Apache-2.0
// What the requests that write an object have in common: stored headers, metadata, tags, and what is refused because it is
// not here (encryption with customer keys or KMS, locks, ACLs). Pure.
#pragma once

#include "api/s3.hpp"
#include "objects/conditions.hpp"
#include "objects/errors.hpp"
#include "objects/names.hpp"
#include "objects/versions.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace otabahn::objects {

Outcome<void> judge_key(const std::string& key);
Outcome<Fields> judge_metadata(const std::map<std::string, std::string>& metadata);
// x-amz-tagging: query-encoded.
Outcome<Fields> parse_tagging(std::string_view header);
Outcome<Fields> judge_tags(const std::vector<api::s3::Tag>& tags);
Outcome<void> judge_write_conditions(const WriteConditions& conditions);
// "gzip,aws-chunked" is "gzip": the transfer's coding is no property of the object.
std::string strip_aws_chunked(std::string_view content_encoding);
Outcome<void> judge_acl(std::string_view acl);
Outcome<void> judge_encryption(std::string_view algorithm);

// Of PutObject, CreateMultipartUpload and CopyObject.
template <class Input>
Outcome<void> refuse_what_is_not_here(const Input& in) {
    if (in.sse_customer_algorithm || in.sse_customer_key)
        return Unexpected(not_implemented("encryption with customer-provided keys (SSE-C)"));
    if (in.ssekms_key_id || in.ssekms_encryption_context) return Unexpected(not_implemented("encryption with KMS keys"));
    if (in.object_lock_mode || in.object_lock_retain_until_date || in.object_lock_legal_hold_status)
        return Unexpected(not_implemented("object lock"));
    if (in.website_redirect_location) return Unexpected(not_implemented("x-amz-website-redirect-location"));
    if (in.grant_full_control || in.grant_read || in.grant_read_acp || in.grant_write_acp) return judge_acl("grants");
    if (in.acl)
        if (auto fine = judge_acl(*in.acl); !fine) return fine;
    if (in.server_side_encryption) return judge_encryption(*in.server_side_encryption);
    return {};
}

template <class Input>
Fields read_headers(const Input& in) {
    Fields out;
    const auto keep = [&](std::string_view name, const std::optional<std::string>& value) {
        if (value && !value->empty()) out.emplace(name, *value);
    };
    keep("cache-control", in.cache_control);
    keep("content-disposition", in.content_disposition);
    keep("content-language", in.content_language);
    keep("content-type", in.content_type);
    keep("expires", in.expires);
    if (in.storage_class && *in.storage_class != "STANDARD") keep("storage-class", in.storage_class);
    keep("encryption", in.server_side_encryption);
    if (in.content_encoding) keep("content-encoding", strip_aws_chunked(*in.content_encoding));
    return out;
}

std::optional<std::string> find_field(const Fields& fields, const std::string& name);

// What GET and HEAD say about an object.
template <class Output>
void write_headers(Output& out, const StoredVersion& version, bool versioned) {
    out.accept_ranges = "bytes";
    out.last_modified = version.modified_at;
    out.etag = quote_etag(version.etag);
    if (versioned) out.version_id = version.version_id;
    out.cache_control = find_field(version.headers, "cache-control");
    out.content_disposition = find_field(version.headers, "content-disposition");
    out.content_encoding = find_field(version.headers, "content-encoding");
    out.content_language = find_field(version.headers, "content-language");
    out.content_type = find_field(version.headers, "content-type").value_or("binary/octet-stream");
    out.expires = find_field(version.headers, "expires");
    out.storage_class = find_field(version.headers, "storage-class");
    out.server_side_encryption = find_field(version.headers, "encryption");
    if (!version.metadata.empty()) out.metadata = version.metadata;
    if (!version.tags.empty()) out.tag_count = static_cast<std::int32_t>(version.tags.size());
}

}  // namespace otabahn::objects
