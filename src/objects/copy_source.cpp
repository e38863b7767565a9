// SPDX-License-Identifier: Apache-2.0
#include "objects/copy_source.hpp"

#include "sigv4/url_text.hpp"

namespace otabahn::objects {

std::optional<CopySource> parse_copy_source(std::string_view header) {
    CopySource out;
    constexpr std::string_view version_mark = "?versionId=";
    if (const auto query = header.rfind(version_mark); query != std::string_view::npos) {
        out.version_id = sigv4::percent_decode(header.substr(query + version_mark.size()));
        header = header.substr(0, query);
    }
    std::string path = sigv4::percent_decode(header);
    std::string_view rest = path;
    if (rest.starts_with('/')) rest.remove_prefix(1);
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == rest.size()) return std::nullopt;
    out.bucket = rest.substr(0, slash);
    out.key = rest.substr(slash + 1);
    return out;
}

}  // namespace otabahn::objects
