// SPDX-License-Identifier: Apache-2.0
#include "access/names.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace otabahn::access {
namespace {

// `alphabet` has a power of two of letters, so every letter is equally likely.
std::string random_text(std::string_view alphabet, std::size_t characters) {
    std::vector<unsigned char> bytes(characters);
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("The system gives no random numbers for an IAM id or key.");
    std::string out;
    for (const unsigned char byte : bytes) out.push_back(alphabet[byte & (alphabet.size() - 1)]);
    return out;
}

}  // namespace

std::string to_key(std::string_view name) {
    std::string out(name);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return out;
}

std::string iam_arn(const AccountId& account, std::string_view kind, std::string_view path, std::string_view name) {
    std::string out = "arn:aws:iam::" + account.text() + ":";
    out.append(kind).append(path).append(name);
    return out;
}

std::optional<IamName> parse_iam_arn(std::string_view arn, std::string_view kind) {
    constexpr std::string_view prefix = "arn:aws:iam::";
    if (!arn.starts_with(prefix)) return std::nullopt;
    arn.remove_prefix(prefix.size());
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    const std::string_view account = arn.substr(0, colon);
    arn.remove_prefix(colon + 1);
    if (!arn.starts_with(kind) || arn.size() == kind.size() || arn[kind.size()] != '/') return std::nullopt;
    arn.remove_prefix(kind.size());
    const std::size_t slash = arn.rfind('/');
    if (slash + 1 == arn.size()) return std::nullopt;
    return IamName{std::string(account), std::string(arn.substr(0, slash + 1)), std::string(arn.substr(slash + 1))};
}

std::string random_id(std::string_view prefix, std::size_t characters) {
    return std::string(prefix) + random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", characters);
}

std::string random_secret() { return random_text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 40); }

}  // namespace otabahn::access
