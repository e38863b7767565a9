// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn/data_folder.hpp"

#include <boost/json.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

namespace otabahn::program {

namespace fs = std::filesystem;

namespace {

Unexpected<Error> cannot(const std::string& what, const fs::path& file) {
    return fail(ErrorCode::internal, "Cannot " + what + " " + file.string() + ": " + std::strerror(errno) + ".", file.string());
}

// Atomic: whoever reads sees the old text or the new one.
Result<void> replace_file(const fs::path& file, const std::string& text, mode_t mode) {
    const auto temporary = file.string() + ".new";
    const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (descriptor < 0) return cannot("create", temporary);
    const bool written = ::fchmod(descriptor, mode) == 0 &&
                         ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!written) return cannot("write", temporary);
    if (::rename(temporary.c_str(), file.c_str()) != 0) return cannot("replace", file);
    return {};
}

std::string quoted_for_shell(const std::string& text) {
    std::string out = "'";
    for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

boost::json::object shared_members(const Endpoints& endpoints) {
    return {{"http", endpoints.http},       {"mqtt", endpoints.mqtt},
            {"https", endpoints.https},     {"deviceHttps", endpoints.device_https},
            {"account", endpoints.account}, {"quotas", endpoints.quotas}};
}

}  // namespace

Result<DataFolder> DataFolder::open(const fs::path& path) {
    std::error_code failed;
    fs::create_directories(path, failed);
    if (failed)
        return fail(ErrorCode::internal, "Cannot make the data folder " + path.string() + ": " + failed.message() + ".", path.string());
    const auto absolute = fs::canonical(path, failed);
    if (failed)
        return fail(ErrorCode::internal, "Cannot use the data folder " + path.string() + ": " + failed.message() + ".", path.string());
    const int lock = ::open((absolute / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0) return cannot("open", absolute / "lock");
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
        ::close(lock);
        return fail(ErrorCode::conflict,
                    "Another otabahn serve uses the data folder " + absolute.string() + "; stop it, or name another folder with --data.",
                    absolute.string());
    }
    return DataFolder(absolute, lock);
}

DataFolder::DataFolder(DataFolder&& other) noexcept : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
DataFolder::~DataFolder() {
    if (lock_ >= 0) ::close(lock_);
}

Result<void> DataFolder::remove_endpoints() {
    const auto file = path_ / "endpoints.json";
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return cannot("remove", file);
    return {};
}

Result<void> DataFolder::write_endpoints(const Endpoints& endpoints, const fs::path& root_certificate) {
    auto members = shared_members(endpoints);
    members["caFile"] = root_certificate.string();
    members["credentialsFile"] = (path_ / "credentials").string();
    members["pid"] = static_cast<std::int64_t>(::getpid());
    return replace_file(path_ / "endpoints.json", boost::json::serialize(members) + "\n", 0644);
}

Result<void> DataFolder::write_credentials(const std::vector<access::AccessKey>& keys) {
    std::string text;
    for (const auto& key : keys) {
        text += "[" + (text.empty() ? std::string("default") : key.account.text()) + "]\n";
        text += "aws_access_key_id = " + key.id + "\naws_secret_access_key = " + key.secret + "\n\n";
    }
    return replace_file(path_ / "credentials", text, 0600);
}

std::string well_known_json(const Endpoints& endpoints, const std::string& root_certificate_pem) {
    auto members = shared_members(endpoints);
    members["rootCa"] = root_certificate_pem;
    return boost::json::serialize(members);
}

Result<std::string> shell_exports(const fs::path& folder) {
    std::ifstream endpoints_file(folder / "endpoints.json"), credentials_file(folder / "credentials");
    if (!endpoints_file || !credentials_file)
        return fail(ErrorCode::not_found, "There is no server's endpoints.json and credentials in " + folder.string() +
                                              "; start `otabahn serve` first, or name its folder with --data.");
    std::stringstream text;
    text << endpoints_file.rdbuf();
    boost::system::error_code wrong;
    const auto endpoints = boost::json::parse(text.str(), wrong);
    const auto* http = wrong || !endpoints.is_object() ? nullptr : endpoints.as_object().if_contains("http");
    if (!http || !http->is_string())
        return fail(ErrorCode::invalid_request, (folder / "endpoints.json").string() +
                                                    " is damaged: it has no \"http\". Restart `otabahn serve` to have it written again.");
    std::string id, secret;
    for (std::string line; std::getline(credentials_file, line) && secret.empty();) {
        const auto value = [&](std::string_view name) { return line.starts_with(name) ? line.substr(line.find('=') + 2) : std::string(); };
        if (auto found = value("aws_access_key_id"); !found.empty()) id = found;
        if (auto found = value("aws_secret_access_key"); !found.empty()) secret = found;
    }
    if (id.empty() || secret.empty())
        return fail(ErrorCode::invalid_request,
                    (folder / "credentials").string() + " holds no access key. Restart `otabahn serve` to have it written again.");
    std::string out;
    out += "export AWS_ENDPOINT_URL=" + quoted_for_shell(std::string(http->as_string())) + "\n";
    out += "export AWS_ACCESS_KEY_ID=" + quoted_for_shell(id) + "\nexport AWS_SECRET_ACCESS_KEY=" + quoted_for_shell(secret) + "\n";
    out += "unset AWS_SESSION_TOKEN AWS_PROFILE\n";
    out += "export AWS_REGION=\"${AWS_REGION:-us-east-1}\"\nexport AWS_DEFAULT_REGION=\"$AWS_REGION\"\n";
    // CLIs before 2.13 do not know the variable and would go to AWS itself.
    out += "aws() { command aws --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"; }\n";
    return out;
}

}  // namespace otabahn::program
