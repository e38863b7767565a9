// SPDX-License-Identifier: Apache-2.0
#include "operator/deploy.hpp"

#include "api/iot.hpp"
#include "api/s3.hpp"
#include "encoding/base64_string.hpp"
#include "operator/release.hpp"
#include "operator/signing.hpp"
#include "operator/storage.hpp"
#include "operator/watch.hpp"
#include "runtime/random.hpp"
#include "x509/x509.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace otabahn::operator_tool {

namespace fs = std::filesystem;
namespace iot = api::iot;

namespace {

constexpr std::uint64_t stream_file_limit = 25'165'824;  // spec gateway 4.1: 24 MB
constexpr auto role_patience = std::chrono::seconds(30);

struct Target {
    std::string arn, text;
};

Result<Target> find_target(Session& session, const std::string& to) {
    const auto slash = to.find('/');
    const auto kind = to.substr(0, slash), name = slash == std::string::npos ? std::string() : to.substr(slash + 1);
    const auto refuse = [&](const awsapi::ServiceError& error) -> Result<Target> {
        if (error.code == "ResourceNotFoundException")
            return fail(ErrorCode::not_found, "There is no " + kind + " " + name + " in " + session.scope().region.text() + " of account " +
                                                  session.scope().account.text() + "; nothing was uploaded.");
        return Unexpected(while_doing("looking for " + to, error));
    };
    if (kind == "thing" && !name.empty()) {
        auto there = session.aws().call<iot::DescribeThing>({.thing_name = name});
        if (!there) return refuse(there.error());
        return Target{session.scope().arn("iot", to), to};
    }
    if (kind == "thinggroup" && !name.empty()) {
        auto there = session.aws().call<iot::DescribeThingGroup>({.thing_group_name = name});
        if (!there) return refuse(there.error());
        return Target{session.scope().arn("iot", to), to};
    }
    return fail(ErrorCode::invalid_request, "--to takes thing/NAME or thinggroup/NAME, not '" + to + "'.");
}

Result<Image> measure(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in || fs::is_directory(file)) return fail(ErrorCode::not_found, "Cannot read the firmware file " + file + ".", file);
    Image image;
    x509::Sha256 hash;
    std::vector<char> piece(1 << 20);
    while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
        const auto count = static_cast<std::size_t>(in.gcount());
        hash.update(as_bytes({piece.data(), count}));
        image.size += count;
    }
    if (in.bad()) return fail(ErrorCode::internal, "Reading the firmware file " + file + " broke off.", file);
    if (image.size == 0) return fail(ErrorCode::invalid_request, "The firmware file " + file + " is empty.", file);
    image.sha256 = encoding::to_hex(as_bytes(hash.finish()));
    return image;
}

Result<void> check_sizes(Session& session, const Profile& profile, const std::string& file, const Image& image) {
    auto most = size_limit(session, profile);
    if (!most) return Unexpected(most.error());
    const auto bytes = std::to_string(image.size) + " bytes";
    if (image.size > *most)
        return fail(ErrorCode::limit_exceeded,
                    file + " has " + bytes + "; signing platform " + profile.platform + " of profile " + profile.name + " takes " +
                        std::to_string(*most) +
                        " at the most. Nothing was uploaded. A profile of AWSIoTDeviceManagement-SHA256-ECDSA takes more.");
    const bool extended = session.server() && session.server()->quotas == "extended";
    if (image.size > stream_file_limit && !extended)
        return fail(ErrorCode::limit_exceeded, file + " has " + bytes + "; a stream's file has " + std::to_string(stream_file_limit) +
                                                   " at the most (AWS's quota). Nothing was uploaded." +
                                                   (session.server() ? " `otabahn serve --quotas extended` lifts it." : ""));
    return {};
}

Result<void> refuse_known_job(Session& session, const std::string& job) {
    if (auto id = JobId::parse(job); !id) return Unexpected(id.error());
    auto there = session.aws().call<iot::DescribeJob>({.job_id = job});
    if (there) return fail(ErrorCode::already_exists, "Job " + job + " exists already; nothing was uploaded. Choose another --name.");
    if (there.error().code != "ResourceNotFoundException") return Unexpected(while_doing("looking for job " + job, there.error()));
    return {};
}

Result<S3Version> upload(Session& session, const std::string& bucket, const std::string& key, const std::string& file) {
    auto put = session.aws().put_object({.bucket = bucket, .key = key}, file, nullptr);
    if (!put) return Unexpected(while_doing("uploading " + file + " to s3://" + bucket + "/" + key, put.error()));
    return S3Version{bucket, key, put->version_id.value_or("null")};
}

Result<S3Version> upload_text(Session& session, const std::string& bucket, const std::string& key, const std::string& text) {
    auto put = session.aws().put_object_bytes({.bucket = bucket, .content_type = "application/json", .key = key}, text);
    if (!put) return Unexpected(while_doing("uploading s3://" + bucket + "/" + key, put.error()));
    return S3Version{bucket, key, put->version_id.value_or("null")};
}

// A role that was made a moment ago cannot be assumed on AWS for some seconds.
Result<void> create_stream(Session& session, const std::string& stream, const S3Version& object, const Role& role) {
    iot::StreamFile file{.file_id = 0,
                         .s3_location = iot::S3Location{.bucket = object.bucket, .key = object.key, .version = object.version}};
    const auto give_up = std::chrono::steady_clock::now() + role_patience;
    for (;;) {
        auto made = session.aws().call<iot::CreateStream>(
            {.stream_id = stream, .description = "Made by otabahn deploy", .files = {file}, .role_arn = role.arn});
        if (made) return {};
        const bool may_come = role.made && !session.server() && made.error().code == "InvalidRequestException";
        if (!may_come || std::chrono::steady_clock::now() > give_up)
            return Unexpected(while_doing("making stream " + stream, made.error()));
        std::this_thread::sleep_for(std::chrono::seconds(3));
    }
}

}  // namespace

Result<int> deploy(Session& session, const Deploy& wanted) {
    if (auto version = check_version("--version", wanted.version); !version) return Unexpected(version.error());
    if (!wanted.minimum_version.empty())
        if (auto version = check_version("--min-version", wanted.minimum_version); !version) return Unexpected(version.error());
    auto image = measure(wanted.file);
    if (!image) return Unexpected(image.error());
    auto parameters = parse_parameters(wanted.parameters);
    if (!parameters) return Unexpected(parameters.error());
    const auto id = runtime::random_uuid();
    const auto job = wanted.job.empty() ? "otabahn-" + id : wanted.job;
    if (!wanted.job.empty())
        if (auto fresh = refuse_known_job(session, job); !fresh) return Unexpected(fresh.error());
    auto target = find_target(session, wanted.to);
    if (!target) return Unexpected(target.error());
    auto profile = choose_profile(session, wanted.profile);
    if (!profile) return Unexpected(profile.error());
    if (auto fits = check_sizes(session, *profile, wanted.file, *image); !fits) return Unexpected(fits.error());
    const auto bucket =
        wanted.bucket.empty() ? "otabahn-" + session.scope().account.text() + "-" + session.scope().region.text() : wanted.bucket;
    // Whatever may be refused is asked before anything is made.
    const auto role_name = wanted.role.empty() ? std::string("otabahn-stream") : wanted.role;
    auto known_role = find_role(session, role_name, bucket);
    if (!known_role) return Unexpected(known_role.error());
    if (auto ready = ensure_bucket(session, bucket); !ready) return Unexpected(ready.error());
    auto role = *known_role ? Result<Role>(**known_role) : make_role(session, role_name, bucket);
    if (!role) return Unexpected(role.error());

    SignedRelease signed_release;
    signed_release.release = {.version = wanted.version,
                              .minimum_version = wanted.minimum_version,
                              .product = wanted.product,
                              .hardware = wanted.hardware,
                              .image = *image};
    signed_release.manifest = format_manifest(signed_release.release);
    signed_release.certificate = profile->device_certificate();
    signed_release.parameters = *parameters;
    signed_release.stream = "otabahn-" + id.substr(0, 36);

    const auto folder = "firmware/" + job + "/";
    session.say("Uploading " + wanted.file + " (" + std::to_string(image->size) + " bytes) to s3://" + bucket + "/" + folder);
    auto object = upload(session, bucket, folder + fs::path(wanted.file).filename().string(), wanted.file);
    if (!object) return Unexpected(object.error());
    auto manifest = upload_text(session, bucket, folder + "manifest.json", signed_release.manifest);
    if (!manifest) return Unexpected(manifest.error());
    session.say("Signing with profile " + profile->name);
    auto image_signature = sign(session, *profile, *object, folder + "signed/");
    if (!image_signature) return Unexpected(image_signature.error());
    auto manifest_signature = sign(session, *profile, *manifest, folder + "signed/");
    if (!manifest_signature) return Unexpected(manifest_signature.error());
    signed_release.image_signature = *image_signature;
    signed_release.manifest_signature = *manifest_signature;
    if (auto made = create_stream(session, signed_release.stream, *object, *role); !made) return Unexpected(made.error());

    auto created = session.aws().call<iot::CreateJob>({.job_id = job,
                                                       .targets = {target->arn},
                                                       .document = format_document(signed_release),
                                                       .description = "Version " + wanted.version,
                                                       .target_selection = "SNAPSHOT"});
    if (!created) return Unexpected(while_doing("making job " + job, created.error()));
    const boost::json::object made{{"jobId", job},
                                   {"jobArn", created->job_arn.value_or("")},
                                   {"streamId", signed_release.stream},
                                   {"version", wanted.version},
                                   {"target", target->arn},
                                   {"sha256", image->sha256},
                                   {"size", image->size}};
    if (!wanted.wait) {
        session.tell("Job " + job + " is on its way to " + target->text + ". Follow it with: otabahn watch " + job, made);
        return 0;
    }
    session.say("Job " + job + " is on its way to " + target->text);
    return watch(session, job, made);
}

}  // namespace otabahn::operator_tool
