// SPDX-License-Identifier: Apache-2.0
// Digests and HMACs by OpenSSL. A failing OpenSSL means exhaustion, so it throws; nothing here depends on outside input.
#pragma once

#include "base/bytes.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace otabahn::sigv4 {

using Sha256Value = std::array<std::uint8_t, 32>;

enum class DigestKind { md5, sha1, sha256 };

// One running digest; finish() ends it.
class Digest {
  public:
    explicit Digest(DigestKind kind);
    void update(ByteView bytes);
    std::string finish();  // the raw bytes

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256_hex(std::string_view text);
Sha256Value hmac_sha256(ByteView key, std::string_view text);
std::string hmac_sha1(std::string_view key, std::string_view text);  // raw bytes

// The time it takes says nothing about where they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// SHA-256 of nothing.
inline constexpr std::string_view empty_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace otabahn::sigv4
