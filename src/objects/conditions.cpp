// SPDX-License-Identifier: Apache-2.0
#include "objects/conditions.hpp"

namespace otabahn::objects {

std::string_view unquote_etag(std::string_view etag) {
    while (!etag.empty() && (etag.front() == ' ' || etag.front() == '\t')) etag.remove_prefix(1);
    while (!etag.empty() && (etag.back() == ' ' || etag.back() == '\t')) etag.remove_suffix(1);
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    return etag;
}

std::string quote_etag(std::string_view etag) { return '"' + std::string(etag) + '"'; }

bool matches_etag(std::string_view etags, std::string_view etag) {
    while (true) {
        const auto comma = etags.find(',');
        const auto one = unquote_etag(etags.substr(0, comma));
        if (one == "*" || one == etag) return true;
        if (comma == std::string_view::npos) return false;
        etags.remove_prefix(comma + 1);
    }
}

Judgement judge_read(const Conditions& conditions, std::string_view etag, Timestamp last_modified) {
    using Kind = Judgement::Kind;
    const auto modified = to_seconds(last_modified);
    if (conditions.if_match) {
        if (!matches_etag(*conditions.if_match, etag)) return {Kind::failed, "If-Match"};
    } else if (conditions.if_unmodified_since && modified > to_seconds(*conditions.if_unmodified_since)) {
        return {Kind::failed, "If-Unmodified-Since"};
    }
    if (conditions.if_none_match) {
        if (matches_etag(*conditions.if_none_match, etag)) return {Kind::not_modified, "If-None-Match"};
    } else if (conditions.if_modified_since && modified <= to_seconds(*conditions.if_modified_since)) {
        return {Kind::not_modified, "If-Modified-Since"};
    }
    return {};
}

Judgement judge_copy(const Conditions& conditions, std::string_view etag, Timestamp last_modified) {
    auto judged = judge_read(conditions, etag, last_modified);
    if (judged.kind == Judgement::Kind::not_modified) judged.kind = Judgement::Kind::failed;
    return judged;
}

}  // namespace otabahn::objects
