// SPDX-License-Identifier: Apache-2.0
#include "operator/session.hpp"

#include "api/sts.hpp"

#include <openssl/rand.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace otabahn::operator_tool {

Result<Session> Session::open(const GlobalFlags& flags) {
    auto aws = client::Client::open({.profile = flags.profile, .region = flags.region, .endpoint_url = flags.endpoint_url});
    if (!aws) return Unexpected(aws.error());
    auto server = aws->find_server();
    if (!server) return Unexpected(server.error());
    auto region = Region::parse(aws->region());
    if (!region) return Unexpected(region.error());
    auto identity = aws->call<api::sts::GetCallerIdentity>({});
    if (!identity) return Unexpected(while_doing("asking who the credentials belong to", identity.error()));
    auto account = AccountId::parse(identity->account.value_or(""));
    if (!account) return Unexpected(account.error());
    Scope scope{*account, *region};
    return Session(std::move(*aws), std::move(*server), std::move(scope), flags.output == "json");
}

void Session::say(std::string_view sentence) const {
    if (!json_) std::fprintf(stderr, "%.*s\n", static_cast<int>(sentence.size()), sentence.data());
}

void Session::tell(std::string_view sentence, const boost::json::object& result) const {
    const auto text = json_ ? boost::json::serialize(result) : std::string(sentence);
    std::fprintf(stdout, "%s\n", text.c_str());
    std::fflush(stdout);
}

Error while_doing(std::string_view what, const awsapi::ServiceError& error) {
    return {ErrorCode::unavailable, std::string(what) + " failed: " + error.code + ": " + error.message};
}

std::string random_uuid() {
    std::array<unsigned char, 16> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error("OpenSSL has no random bytes");
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
    std::array<char, 37> text{};
    std::snprintf(text.data(), text.size(), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", bytes[0], bytes[1],
                  bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7], bytes[8], bytes[9], bytes[10], bytes[11], bytes[12],
                  bytes[13], bytes[14], bytes[15]);
    return text.data();
}

Result<std::string> read_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(ErrorCode::not_found, "Cannot read " + file + ": " + std::strerror(errno) + ".", file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace otabahn::operator_tool
