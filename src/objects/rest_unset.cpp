// SPDX-License-Identifier: Apache-2.0
// What a bucket may have on AWS and never has here: reading it says "nothing configured" in S3's words, which clients know
// (spec control-plane 2.9). Setting it is not bound and answers 501.
#include "api/s3.hpp"
#include "objects/objects.hpp"

namespace otabahn::objects {

namespace s3 = api::s3;

void Objects::bind_unset(awsapi::Operations& operations) {
    const auto bind = [&]<class Op>(std::string_view action, std::string_view code, std::string_view message) {
        operations.bind<Op>(
            [this, action, code, message](const awsapi::Caller& caller, const typename Op::Input& in) -> Outcome<typename Op::Output> {
                const auto bucket = admit(caller, in.bucket, action, bucket_arn(in.bucket), in.expected_bucket_owner);
                if (!bucket) return Unexpected(bucket.error());
                return awsapi::service_fail(std::string(code), 404, std::string(message), {{"BucketName", in.bucket}});
            });
    };
    bind.operator()<s3::GetBucketPolicy>("s3:GetBucketPolicy", "NoSuchBucketPolicy", "The bucket policy does not exist");
    bind.operator()<s3::GetBucketTagging>("s3:GetBucketTagging", "NoSuchTagSet", "The TagSet does not exist");
    bind.operator()<s3::GetBucketLifecycleConfiguration>("s3:GetLifecycleConfiguration", "NoSuchLifecycleConfiguration",
                                                         "The lifecycle configuration does not exist");
    bind.operator()<s3::GetBucketEncryption>("s3:GetEncryptionConfiguration", "ServerSideEncryptionConfigurationNotFoundError",
                                             "The server side encryption configuration was not found");
    bind.operator()<s3::GetPublicAccessBlock>("s3:GetBucketPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration",
                                              "The public access block configuration was not found");
    bind.operator()<s3::GetBucketOwnershipControls>("s3:GetBucketOwnershipControls", "OwnershipControlsNotFoundError",
                                                    "The bucket ownership controls were not found");
    bind.operator()<s3::GetBucketCors>("s3:GetBucketCORS", "NoSuchCORSConfiguration", "The CORS configuration does not exist");
}

}  // namespace otabahn::objects
