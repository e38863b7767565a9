// SPDX-License-Identifier: Apache-2.0
// Signing as a client does it: by headers, or into a URL. Used by the operator's client, the presigner of job documents
// and the tests. Pure: time is an argument.
#pragma once

#include "base/time.hpp"
#include "sigv4/canonical.hpp"
#include "sigv4/chunk_chain.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace otabahn::sigv4 {

struct Credentials {
    std::string access_key_id, secret;
    std::string session_token;  // empty: a long-lived key
};

struct SignInput {
    std::string method, target;   // target: raw path and query, encoded as it will be sent
    std::vector<Header> headers;  // all of them get signed; `host` must be among them
    std::string payload_hash;     // hex SHA-256 of the body, or for S3 one of its words (UNSIGNED-PAYLOAD …)
    std::string region, service;
    Timestamp now{};
};

// The headers to add: X-Amz-Date, Authorization, where due X-Amz-Security-Token, and for S3 X-Amz-Content-Sha256.
std::vector<Header> sign_headers(const Credentials& credentials, const SignInput& input);

struct PresignInput {
    std::string method = "GET";
    std::string scheme, host;  // host with its port, if it is not the scheme's own
    std::string path;          // raw, encoded
    std::string query;         // raw, encoded, may be empty
    std::string region, service;
    std::chrono::seconds lifetime{3600};
    Timestamp now{};
};

std::string presign_url(const Credentials& credentials, const PresignInput& input);

// What the chunks of a body chain from, for a request that sign_headers signed with a STREAMING-… payload.
ChunkChain chunk_chain(const Credentials& credentials, const SignInput& input, std::string_view seed_signature);

}  // namespace otabahn::sigv4
