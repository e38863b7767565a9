// SPDX-License-Identifier: Apache-2.0
#include "operator/session.hpp"

#include "api/sts.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

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

Result<std::string> read_file(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(ErrorCode::not_found, "Cannot read " + file + ": " + std::strerror(errno) + ".", file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

}  // namespace otabahn::operator_tool
