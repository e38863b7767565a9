// SPDX-License-Identifier: Apache-2.0
#include "objects/object_request.hpp"

#include "sigv4/url_text.hpp"

#include <algorithm>

namespace otabahn::objects {
namespace {

constexpr std::size_t max_metadata_bytes = 2048, max_tags = 10, max_tag_key = 128, max_tag_value = 256;

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

// Code points, for limits that AWS counts in characters.
std::size_t count_characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Outcome<void> add_tag(Fields& tags, std::string key, std::string value) {
    const auto refuse = [&](const std::string& why) {
        return awsapi::service_fail("InvalidTag", 400, "The tag '" + key + "' cannot be taken: " + why + ".", {{"TagKey", key}});
    };
    if (key.empty() || count_characters(key) > max_tag_key) return refuse("a tag's key has 1 to 128 characters");
    if (count_characters(value) > max_tag_value) return refuse("a tag's value has at most 256 characters");
    if (!is_storable_text(key) || !is_storable_text(value)) return refuse("it is not UTF-8");
    if (key.starts_with("aws:")) return refuse("keys that start with 'aws:' are reserved");
    if (tags.contains(key)) return refuse("two tags have this key");
    if (tags.size() == max_tags) return awsapi::service_fail("BadRequest", 400, "Object tags cannot be greater than 10");
    tags.emplace(std::move(key), std::move(value));
    return {};
}

}  // namespace

Outcome<void> judge_key(const std::string& key) {
    if (key.size() > max_key_bytes)
        return awsapi::service_fail("KeyTooLongError", 400, "Your key is too long: " + std::to_string(key.size()) + " bytes.",
                                    {{"Size", std::to_string(key.size())}, {"MaxSizeAllowed", std::to_string(max_key_bytes)}});
    if (!is_storable_text(key)) return Unexpected(invalid_argument("A key is UTF-8 text without U+0000.", "Key", encode_url(key)));
    return {};
}

Outcome<Fields> judge_metadata(const std::map<std::string, std::string>& metadata) {
    Fields out;
    std::size_t size = 0;
    for (const auto& [name, value] : metadata) {
        size += name.size() + value.size();
        out.insert_or_assign(to_lower(name), value);
    }
    if (size > max_metadata_bytes)
        return awsapi::service_fail("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size.",
                                    {{"Size", std::to_string(size)}, {"MaxSizeAllowed", std::to_string(max_metadata_bytes)}});
    return out;
}

Outcome<Fields> parse_tagging(std::string_view header) {
    Fields out;
    if (header.empty()) return out;
    std::string blanks(header);  // "+" is a blank in this header, as in forms
    std::replace(blanks.begin(), blanks.end(), '+', ' ');
    for (auto& pair : sigv4::parse_query(blanks))
        if (auto added = add_tag(out, std::move(pair.name), std::move(pair.value)); !added) return Unexpected(added.error());
    return out;
}

Outcome<Fields> judge_tags(const std::vector<api::s3::Tag>& tags) {
    Fields out;
    for (const auto& tag : tags)
        if (auto added = add_tag(out, tag.key, tag.value); !added) return Unexpected(added.error());
    return out;
}

Outcome<void> judge_write_conditions(const WriteConditions& conditions) {
    if (conditions.if_none_match && *conditions.if_none_match != "*")
        return Unexpected(not_implemented("If-None-Match of a write takes '*' alone, not '" + *conditions.if_none_match + "'"));
    if (conditions.if_match && conditions.if_none_match) return Unexpected(not_implemented("If-Match and If-None-Match in one write"));
    return {};
}

std::string strip_aws_chunked(std::string_view content_encoding) {
    std::string out;
    while (!content_encoding.empty()) {
        const auto comma = content_encoding.find(',');
        auto token = content_encoding.substr(0, comma);
        content_encoding = comma == std::string_view::npos ? std::string_view() : content_encoding.substr(comma + 1);
        while (!token.empty() && token.front() == ' ') token.remove_prefix(1);
        while (!token.empty() && token.back() == ' ') token.remove_suffix(1);
        if (token.empty() || to_lower(token) == "aws-chunked") continue;
        if (!out.empty()) out += ",";
        out += token;
    }
    return out;
}

Outcome<void> judge_acl(std::string_view acl) {
    if (acl == "private" || acl == "bucket-owner-full-control") return {};
    return awsapi::service_fail("AccessControlListNotSupported", 400,
                                "The bucket does not allow ACLs; '" + std::string(acl) + "' was asked for. Give rights by IAM policies.");
}

Outcome<void> judge_encryption(std::string_view algorithm) {
    if (algorithm == "AES256") return {};
    return Unexpected(not_implemented("x-amz-server-side-encryption '" + std::string(algorithm) + "'; AES256 is taken"));
}

std::optional<std::string> find_field(const Fields& fields, const std::string& name) {
    const auto found = fields.find(name);
    return found == fields.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace otabahn::objects
