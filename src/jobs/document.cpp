// SPDX-License-Identifier: Apache-2.0
#include "jobs/document.hpp"

#include <boost/json.hpp>

#include <array>

namespace otabahn::jobs {
namespace {

enum class Kind { presigned, presigned_encoded, not_here };
struct KindRow {
    std::string_view prefix;
    Kind kind;
};
// In order: of two that begin alike the longer comes first.
constexpr std::array kinds{
    KindRow{"${aws:iot:s3-presigned-url-v2:", Kind::presigned_encoded},
    KindRow{"${aws:iot:s3-presigned-url-upload", Kind::not_here},
    KindRow{"${aws:iot:s3-presigned-url:", Kind::presigned},
    KindRow{"${aws:iot:code-sign-signature:", Kind::not_here},
    KindRow{"${aws:iot:parameter:", Kind::not_here},
    KindRow{"${aws:iot:package:", Kind::not_here},
};

// What JSON's escapes stand for, in the inside of a string.
std::optional<std::string> unescape(std::string_view inside) {
    boost::system::error_code error;
    const auto value = boost::json::parse("\"" + std::string(inside) + "\"", error);
    if (error || !value.is_string()) return std::nullopt;
    return std::string(value.get_string());
}

std::string escape(std::string_view text) {
    const auto quoted = boost::json::serialize(boost::json::string_view(text.data(), text.size()));
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

Result<void> check_document(std::string_view document) {
    if (document.size() > longest_document)
        return fail(ErrorCode::invalid_request, "The job document has " + std::to_string(document.size()) + " bytes; at most " +
                                                    std::to_string(longest_document) + " are taken.");
    boost::system::error_code error;
    const auto value = boost::json::parse(boost::json::string_view(document.data(), document.size()), error);
    if (error) return fail(ErrorCode::invalid_request, "The job document is no valid JSON: " + error.message() + ".");
    if (!value.is_object()) return fail(ErrorCode::invalid_request, "The job document is JSON, but no object ({…}) at its top.");
    return {};
}

Result<std::vector<Placeholder>> find_placeholders(std::string_view document, std::string_view own_host) {
    std::vector<Placeholder> out;
    for (auto at = document.find("${aws:iot:"); at != std::string_view::npos; at = document.find("${aws:iot:", at + 1)) {
        const KindRow* row = nullptr;
        for (const auto& candidate : kinds)
            if (document.substr(at).starts_with(candidate.prefix)) {
                row = &candidate;
                break;
            }
        if (row == nullptr) continue;
        const std::string shown(row->prefix);
        if (row->kind == Kind::not_here)
            return fail(ErrorCode::not_implemented, "The job document holds a placeholder '" + shown +
                                                        "…}', which is not implemented here; put its value into the document.");
        const auto begin = at + row->prefix.size(), end = document.find_first_of("}\"", begin);
        if (end == std::string_view::npos || document[end] != '}')
            return fail(ErrorCode::invalid_request,
                        "The placeholder '" + shown + "…' of the job document has no closing '}' in its string.");
        if (document.substr(begin, end - begin).find("${") != std::string_view::npos)
            return fail(ErrorCode::invalid_request, "A placeholder '" + shown +
                                                        "…}' of the job document holds another '${': placeholders do not nest. Close the "
                                                        "first one with '}' before the next.");
        const auto url = unescape(document.substr(begin, end - begin));
        if (!url)
            return fail(ErrorCode::invalid_request,
                        "The placeholder '" + shown + "…}' of the job document does not stand in a JSON string.");
        auto object = parse_s3_url(*url, own_host, row->kind == Kind::presigned_encoded);
        if (!object) return fail(ErrorCode::invalid_request, "A placeholder of the job document cannot be used: " + object.error().message);
        if (out.size() == most_placeholders)
            return fail(ErrorCode::invalid_request,
                        "The job document holds more than " + std::to_string(most_placeholders) + " placeholders.");
        out.push_back({at, end + 1, std::move(object).value()});
    }
    return out;
}

Result<std::string> replace_placeholders(std::string_view document, const std::vector<Placeholder>& placeholders,
                                         const std::function<Result<std::string>(const ObjectAddress&)>& presign) {
    std::string out;
    std::size_t done = 0;
    for (const auto& placeholder : placeholders) {
        auto url = presign(placeholder.object);
        if (!url) return Unexpected(std::move(url).error());
        out.append(document.substr(done, placeholder.begin - done)).append(escape(*url));
        done = placeholder.end;
    }
    out.append(document.substr(done));
    return out;
}

}  // namespace otabahn::jobs
