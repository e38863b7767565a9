// SPDX-License-Identifier: Apache-2.0
#include "objects/names.hpp"

#include "encoding/utf8.hpp"
#include "sigv4/digest.hpp"
#include "sigv4/url_text.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace otabahn::objects {
namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t sequence_characters = 11;  // 62^11 > 2^63
constexpr std::size_t version_characters = sequence_characters + version_random_characters;

bool looks_like_ipv4(std::string_view name) {
    int dots = 0;
    for (char c : name) {
        if (c == '.')
            ++dots;
        else if (!id_rules::is_digit(c))
            return false;
    }
    return dots == 3;
}

}  // namespace

std::optional<std::string> find_bucket_name_fault(std::string_view name) {
    if (name.size() < 3 || name.size() > 63) return "a bucket's name has 3 to 63 characters";
    for (char c : name)
        if (!id_rules::is_lower(c) && !id_rules::is_digit(c) && c != '-' && c != '.')
            return "a bucket's name is made of a-z, 0-9, '-' and '.'";
    const auto is_end = [](char c) { return id_rules::is_lower(c) || id_rules::is_digit(c); };
    if (!is_end(name.front()) || !is_end(name.back())) return "a bucket's name starts and ends with a letter or a digit";
    if (name.find("..") != std::string_view::npos) return "a bucket's name has no two dots in a row";
    if (looks_like_ipv4(name)) return "a bucket's name is no IPv4 address";
    for (std::string_view prefix : {"xn--", "sthree-", "amzn-s3-demo-"})
        if (name.starts_with(prefix)) return "a bucket's name doesn't start with '" + std::string(prefix) + "'";
    for (std::string_view suffix : {"-s3alias", "--ol-s3", ".mrap", "--x-s3"})
        if (name.ends_with(suffix)) return "a bucket's name doesn't end with '" + std::string(suffix) + "'";
    return std::nullopt;
}

bool is_storable_text(std::string_view text) { return text.find('\0') == std::string_view::npos && encoding::is_utf8(as_bytes(text)); }

std::string format_version_id(std::int64_t sequence, std::string_view random) {
    std::string out(sequence_characters, '0');
    auto rest = static_cast<std::uint64_t>(sequence);
    for (std::size_t i = sequence_characters; i > 0 && rest > 0; --i, rest /= digits.size()) out[i - 1] = digits[rest % digits.size()];
    return out.append(random);
}

bool is_version_id(std::string_view text) {
    return text == null_version || (text.size() == version_characters && std::all_of(text.begin(), text.end(), id_rules::is_alnum) &&
                                    parse_version_sequence(text).has_value());
}

std::optional<std::int64_t> parse_version_sequence(std::string_view version_id) {
    if (version_id.size() != version_characters) return std::nullopt;
    std::uint64_t out = 0;
    for (char c : version_id.substr(0, sequence_characters)) {
        const auto digit = digits.find(c);
        if (digit == std::string_view::npos || out > (INT64_MAX - digit) / digits.size()) return std::nullopt;
        out = out * digits.size() + digit;
    }
    return static_cast<std::int64_t>(out);
}

std::string make_random_id(std::size_t characters) {
    std::string out;
    std::array<unsigned char, 64> bytes;
    while (out.size() < characters) {
        if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error("OpenSSL gives no random bytes");
        for (unsigned char byte : bytes)
            if (byte < 248 && out.size() < characters) out += digits[byte % digits.size()];  // 248 = 4 * 62: no digit is likelier
    }
    return out;
}

std::optional<std::string> find_prefix_end(std::string_view prefix) {
    // Byte order is the order of code points in UTF-8; the next code point keeps the text well-formed.
    std::string out(prefix);
    while (!out.empty()) {
        std::size_t at = out.size() - 1;
        while (at > 0 && (static_cast<unsigned char>(out[at]) & 0xC0) == 0x80) --at;
        const auto lead = static_cast<unsigned char>(out[at]);
        std::uint32_t code = lead < 0x80 ? lead : lead < 0xE0 ? lead & 0x1F : lead < 0xF0 ? lead & 0x0F : lead & 0x07;
        for (std::size_t i = at + 1; i < out.size(); ++i) code = code << 6 | (static_cast<unsigned char>(out[i]) & 0x3F);
        out.resize(at);
        if (code >= 0x10FFFF) continue;
        ++code;
        if (code == 0xD800) code = 0xE000;  // no surrogates
        std::array<char, 4> buffer;
        out.append(buffer.data(), encoding::encode_utf8(code, buffer.data()));
        return out;
    }
    return std::nullopt;
}

std::string encode_url(std::string_view text) { return sigv4::percent_encode(text, sigv4::Slash::keep); }

std::string format_fields(const Fields& fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
        if (!out.empty()) out += '&';
        out += sigv4::percent_encode(name, sigv4::Slash::encode) + "=" + sigv4::percent_encode(value, sigv4::Slash::encode);
    }
    return out;
}

Fields parse_fields(std::string_view text) {
    Fields out;
    if (text.empty()) return out;
    for (auto& pair : sigv4::parse_query(text)) out.insert_or_assign(std::move(pair.name), std::move(pair.value));
    return out;
}

std::string bucket_arn(std::string_view bucket) { return "arn:aws:s3:::" + std::string(bucket); }
std::string object_arn(std::string_view bucket, std::string_view key) { return bucket_arn(bucket) + "/" + std::string(key); }
std::string canonical_user_id(const AccountId& account) { return sigv4::sha256_hex("otabahn canonical user of account " + account.text()); }

}  // namespace otabahn::objects
