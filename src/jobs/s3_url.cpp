// SPDX-License-Identifier: Apache-2.0
#include "jobs/s3_url.hpp"

#include <algorithm>
#include <utility>

namespace otabahn::jobs {
namespace {

constexpr std::string_view forms =
    "https://s3.amazonaws.com/BUCKET/KEY, https://s3.REGION.amazonaws.com/BUCKET/KEY, https://BUCKET.s3.REGION.amazonaws.com/KEY, "
    "https://BUCKET.s3.amazonaws.com/KEY, or this server's own http(s)://HOST:PORT/BUCKET/KEY";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

Unexpected<Error> refuse(std::string_view url, std::string why) {
    return fail(ErrorCode::invalid_request, "'" + std::string(url.substr(0, 256)) + "' is no URL of an S3 object: " + std::move(why) +
                                                ". It takes one of " + std::string(forms) + ".");
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Of the alphabet of buckets; whether there can be such a bucket is objects' to say.
bool is_bucket(std::string_view name) {
    return !name.empty() && name.size() <= 63 &&
           std::ranges::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

// The bucket that stands before S3's host, "" when it is in the path; nothing when the host is none of S3's.
std::optional<std::string> bucket_in_host(const std::string& host, const std::string& own_host) {
    if (!own_host.empty()) {
        if (host == own_host) return "";
        if (host.size() > own_host.size() + 1 && host.ends_with(own_host) && host[host.size() - own_host.size() - 1] == '.')
            return host.substr(0, host.size() - own_host.size() - 1);
    }
    std::string_view rest = host;
    for (const std::string_view domain : {".amazonaws.com.cn", ".amazonaws.com"})
        if (rest.ends_with(domain)) {
            rest.remove_suffix(domain.size());
            break;
        }
    if (rest.size() == host.size()) return std::nullopt;
    // What is left: [BUCKET.]s3 with or without a region after it.
    if (rest == "s3") return "";
    if (rest.ends_with(".s3")) return std::string(rest.substr(0, rest.size() - 3));
    for (const std::string_view mark : {"s3.dualstack.", "s3.", "s3-"}) {
        const auto at = rest.rfind(mark);
        if (at == std::string_view::npos || (at != 0 && rest[at - 1] != '.')) continue;
        const auto region = rest.substr(at + mark.size());
        if (region.empty() || region.find('.') != std::string_view::npos) continue;
        return at == 0 ? "" : std::string(rest.substr(0, at - 1));
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
        out.push_back(static_cast<char>(high * 16 + low));
        i += 2;
    }
    return out;
}

Result<ObjectAddress> parse_s3_url(std::string_view url, std::string_view own_host, bool encoded) {
    const auto scheme_end = url.find("://");
    if (scheme_end == std::string_view::npos) return refuse(url, "it has no scheme");
    const std::string scheme = lowered(url.substr(0, scheme_end));
    if (scheme != "https" && scheme != "http") return refuse(url, "its scheme is " + scheme);
    const auto host_begin = scheme_end + 3;
    const auto path_begin = url.find('/', host_begin);
    if (path_begin == std::string_view::npos) return refuse(url, "it has no path");
    std::string host = lowered(url.substr(host_begin, path_begin - host_begin));
    if (scheme == "https" && host.ends_with(".amazonaws.com:443")) host.resize(host.size() - 4);
    const auto bucket = bucket_in_host(host, lowered(own_host));
    if (!bucket) return refuse(url, "the host " + host + " is none of S3's");

    auto path = url.substr(path_begin + 1);
    ObjectAddress out;
    out.bucket = *bucket;
    if (out.bucket.empty()) {
        const auto slash = path.find('/');
        if (slash == std::string_view::npos) return refuse(url, "no key follows the bucket");
        out.bucket = path.substr(0, slash);
        path.remove_prefix(slash + 1);
    }
    if (!is_bucket(out.bucket)) return refuse(url, "'" + out.bucket.substr(0, 64) + "' is no bucket's name");
    if (!encoded) {
        out.key = path;
    } else {
        // Two spellings of the version: ?versionId= as S3 has it, %3FversionId%3D as placeholders have it.
        const std::string low = lowered(path);
        for (const std::string_view mark : {"?versionid=", "%3fversionid%3d"})
            if (const auto at = low.rfind(mark); at != std::string::npos) {
                const auto version = percent_decode(path.substr(at + mark.size()));
                if (!version || version->empty()) return refuse(url, "its versionId cannot be read");
                out.version_id = *version;
                path = path.substr(0, at);
                break;
            }
        if (path.find_first_of("?#") != std::string_view::npos) return refuse(url, "only ?versionId= may follow the key");
        const auto key = percent_decode(path);
        if (!key) return refuse(url, "its percent-encoding cannot be read");
        out.key = *key;
    }
    if (out.key.empty()) return refuse(url, "the key is empty");
    if (out.key.size() > 1024) return refuse(url, "the key is longer than 1024 bytes");
    return out;
}

}  // namespace otabahn::jobs
